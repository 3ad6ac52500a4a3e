"""From long videos to clips: `microsim curate`.

`pieces` measures one piece of video; `shots` and `texts` call the libraries that find cuts and
burnt-in words; `steps` are the datatrove steps; `finish` removes what is there twice and writes the
data set, the funnel and the review queue; `run` is the command.
"""
