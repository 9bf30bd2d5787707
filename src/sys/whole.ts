/** The numbers that tell `Changes.copyWholeAsync` of a file; `native-bindings/whole.c` reads them in this order. */
export enum WholeField { Source, Size, Uid, Gid, Mode, AtimeSec, AtimeNsec, MtimeSec, MtimeNsec, Clone, ValueLength }

/** How many they are. */
export const WHOLE_FIELDS = 11;
