"""Real servers and programs for tests: started when first asked for, gone with the test run."""
