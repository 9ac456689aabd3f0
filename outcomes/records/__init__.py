"""What came in: files a clinic has → records that were checked."""
