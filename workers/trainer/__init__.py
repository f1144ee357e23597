"""The process that makes a bank of pictures: started for one training, and gone after it."""
