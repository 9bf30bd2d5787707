import tseslint from "typescript-eslint";

/** The calls of `Changes` in src/sys/native.ts. */
const CHANGES = [
  "mkdirat", "mknodat", "symlinkat", "linkat", "unlinkat", "renameat2", "fchmodat", "fchownat", "utimensat",
  "setxattrat", "removexattrat", "pwrite", "ftruncate", "fallocate", "copyFileRange", "copyFileRangeAsync", "ficlone",
  "fsync", "fdatasync", "fsyncAsync", "startWritebackAsync", "syncfs", "setFileFlags", "setExtendedFlags",
];

export default tseslint.config(
  { ignores: ["dist/", "build/", "node_modules/"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js"] }, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/prefer-literal-enum-member": "off",
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: true }],
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
      eqeqeq: "error",
    },
  },
  {
    // Only the choke point of the engine may call what changes a file.
    files: ["src/engine/**", "src/fuse/**", "src/fuse-native/**", "src/library/**"],
    ignores: ["src/engine/upper.ts"],
    rules: {
      "no-restricted-syntax": ["error", {
        selector: `MemberExpression[object.name="native"][property.name=/^(${CHANGES.join("|")})$/]`,
        message: "What changes a file goes through src/engine/upper.ts.",
      }],
    },
  },
  { files: ["**/*.cts"], rules: { "@typescript-eslint/no-require-imports": ["error", { allowAsImport: true }] } },
  { files: ["test/**"], rules: { "max-lines-per-function": "off" } },
  { files: ["eslint.config.js"], ...tseslint.configs.disableTypeChecked },
);
