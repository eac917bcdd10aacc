"""The compiled loops. They see int64, float64 and positions only; what the numbers mean is decided one level up."""
