"""MicroWorldBench: the rubric data set, its own edition and the importer of the published one."""
