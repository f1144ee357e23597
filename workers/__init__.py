"""The programs: inspector, extraction, rebuilder, camera, web, and the command line that starts them."""
