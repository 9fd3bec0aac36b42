"""Tests of the methods, one file each as in the code."""
