"""The report page's style sheet and its script, which only sorts, filters and searches."""

STYLE = """
:root{color-scheme:light dark;--bg:#fdfdfc;--fg:#1d2328;--soft:#59636d;--line:#d3d8dc;
--panel:#f1f4f5;
--accent:#0d6e8c;--good:#135f2c;--good-bg:#ddf3e2;--bad:#97201a;--bad-bg:#fbe5e1;--none-bg:#e9ecee}
@media (prefers-color-scheme:dark){:root{--bg:#12171b;--fg:#e4e9ec;--soft:#9fabb4;--line:#37424a;
--panel:#1b2329;--accent:#58bddd;--good:#8fdca4;--good-bg:#17351f;--bad:#ffaca1;--bad-bg:#43201c;
--none-bg:#2a333a}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1rem;background:var(--bg);color:var(--fg);
font:16px/1.5 system-ui,sans-serif;overflow-wrap:break-word}
h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.25rem;margin:2.2rem 0 .5rem;border-bottom:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.4rem 0 .4rem}h4{font-size:1rem;margin:1rem 0 .3rem}
a{color:var(--accent)}p,ul{max-width:48rem}nav a{margin-right:1rem;white-space:nowrap}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;background:var(--bg);padding:.5rem}
.lead{font-size:1.05rem}.soft,figcaption,caption{color:var(--soft);font-size:.875rem}
dl.facts{display:grid;grid-template-columns:minmax(6rem,max-content) minmax(0,1fr);gap:.2rem 1rem;
margin:1rem 0}
dl.facts dt{color:var(--soft)}dl.facts dd{margin:0}
.scroll{overflow-x:auto;max-width:100%}:focus-visible{outline:2px solid var(--accent);
outline-offset:2px}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.3rem 0;caption-side:top}
th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
td.n,th.n{text-align:right;overflow-wrap:normal}td.n{white-space:nowrap}
thead th{overflow-wrap:normal}
thead th{vertical-align:bottom;border-bottom-width:2px}
thead button{all:unset;cursor:pointer;text-decoration:underline dotted}
thead button:focus-visible{outline:2px solid var(--accent)}
th[aria-sort=descending] button::after{content:" \\25BC"}
th[aria-sort=ascending] button::after{content:" \\25B2"}
tbody th{text-align:left}
.board tbody th[scope=row]{position:sticky;left:0;background:var(--bg);
min-width:8rem;max-width:15rem}
.board tbody.controls th[scope=rowgroup]{max-width:none}
.board tbody.controls th[scope=row]{background:var(--panel)}
tbody.controls{border-top:3px double var(--soft);background:var(--panel);color:var(--soft)}
tbody.controls th{font-weight:400;font-style:italic}
.none{color:var(--soft);cursor:help}
svg{display:block;max-width:100%;height:auto}
svg text{fill:currentColor;font:12px system-ui,sans-serif}svg text.soft{fill:var(--soft)}
svg text.strong{font-weight:600}
.cell{fill:var(--accent)}.cell.empty{fill:none;stroke:var(--line);stroke-dasharray:3 3}
.axis{stroke:currentColor}.grid{stroke:var(--line)}.stem{stroke:var(--accent);stroke-opacity:.5;
stroke-width:2}
.mark{fill:var(--accent)}.range{stroke:var(--accent);stroke-width:3}
.bar{width:104px;min-width:104px;max-width:none;height:16px}.heat{width:30rem}.forest{width:44rem;min-width:34rem;max-width:none}
.maps{display:flex;flex-wrap:wrap;gap:1rem 2rem}.maps figure{margin:0;flex:0 1 30rem}
.published{border:2px dashed var(--soft);padding:.5rem 1rem;margin-top:1rem}
.tools{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end;margin:1rem 0}
.tools[hidden]{display:none}
.tools label{display:grid;font-size:.85rem;color:var(--soft)}
.tools input,.tools select,.tools button{font:inherit;padding:.35rem .5rem;color:inherit;
background:var(--panel);
border:1px solid var(--line);border-radius:.3rem}
details.task{border:1px solid var(--line);border-radius:.4rem;margin:.5rem 0;padding:0 .8rem}
details.task>summary{padding:.5rem 0;cursor:pointer}summary .soft{margin-left:.6rem}
figure{margin:.5rem 0}.strip{display:block;max-width:none;height:auto}
table.criteria{width:100%}
table.criteria th,table.criteria td{min-width:11rem;overflow-wrap:anywhere}
table.criteria ul{list-style:none;margin:0;padding:0}
.chip{display:inline-block;border:1px solid;border-radius:.3rem;padding:0 .4rem;font-size:.85rem}
.chip.good{color:var(--good);background:var(--good-bg)}.chip.bad{color:var(--bad);
background:var(--bad-bg)}
.chip.none{color:var(--soft);background:var(--none-bg);border-style:dashed;cursor:auto}
.why{color:var(--soft);font-size:.85rem;margin:.1rem 0 .4rem}.sign{font-weight:600;
white-space:nowrap}
@media (max-width:42rem){body{padding:.7rem}dl.facts{grid-template-columns:1fr;gap:0}
dl.facts dd{margin-bottom:.4rem}table.criteria thead{position:absolute;left:-99rem}
table.criteria,table.criteria tbody,table.criteria tr,table.criteria th,
table.criteria td{display:block;width:100%}
table.criteria tr{padding:.5rem 0;border-bottom:1px solid var(--line)}
table.criteria th,table.criteria td{border:0;min-width:0;padding:.1rem 0}
table.criteria td::before{content:attr(data-model);color:var(--soft);font-size:.8rem}}
@media print{table{font-size:8pt}.tools,nav,.skip{display:none}body{max-width:none;font-size:10pt}
.scroll{overflow:visible}
tr,figure,svg{break-inside:avoid}.strip{max-width:100%}.chip{print-color-adjust:exact}}
"""

SCRIPT = """
(() => {
  const all = (query, inside = document) => [...inside.querySelectorAll(query)];
  for (const table of all("table.sortable")) {
    const heads = all("thead th", table);
    heads.forEach((head, i) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") !== "descending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const value = (row) => row.cells[i].dataset.v ?? row.cells[i].textContent;
        const rows = [...table.tBodies[0].rows].sort((a, b) => {
          const [x, y] = [value(a), value(b)];
          if (x === "" || y === "") return (x === "") - (y === "");
          const order = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
          return down ? -order : order;
        });
        table.tBodies[0].append(...rows);
      });
    });
  }
  const tasks = all("details.task");
  const byId = (id) => document.getElementById(id);
  const [search, state, group, told] = ["search", "state", "group", "told"].map(byId);
  const texts = tasks.map((task) => task.textContent.toLowerCase());
  const filter = () => {
    const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    tasks.forEach((task, i) => {
      const fits = words.every((word) => texts[i].includes(word))
        && (!state.value || task.dataset.state.split(" ").includes(state.value))
        && (!group.value || task.dataset.group === group.value);
      task.hidden = !fits;
      shown += fits;
    });
    told.textContent = shown + " of " + tasks.length + " tasks";
  };
  for (const input of [search, state, group]) input.addEventListener("input", filter);
  for (const [id, open] of [["open", true], ["close", false]]) {
    byId(id).addEventListener("click", () =>
      tasks.forEach((task) => { task.open = open && !task.hidden; }));
  }
  byId("tools").hidden = false;
  filter();
})();
"""
