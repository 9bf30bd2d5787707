/** Bytes in a name, and in a path with its closing NUL; `linux/limits.h`. */
export const NAME_MAX = 255;
export const PATH_MAX = 4096;
