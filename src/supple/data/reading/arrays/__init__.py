"""Files of named arrays: npz, npy, HDF5, H5MD, ASE databases."""
