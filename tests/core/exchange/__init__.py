"""Tests of the importer; every file they read is made here, in the layouts of the original tool."""
