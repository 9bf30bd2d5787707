/** What an overlay has done since it was opened; counted where it is done, which is never often. */
export interface Counts {
  /** Objects copied up, with or without their data. */
  copyUps: number;
  /** Bytes of file data that copy-ups copied, or shared. */
  copiedBytes: number;
  /** Whiteouts put in the place of a name, those that a rename leaves included. */
  whiteouts: number;
}
