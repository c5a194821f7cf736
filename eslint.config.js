import tseslint from "typescript-eslint";

/** protobuf stays in one file: everything else speaks of `OnnxGraph` (src/targets/onnx/graph.ts). */
const protobufOutsideSerde = {
  group: ["protobufjs", "protobufjs/*", "onnx-proto", "onnx-proto/*"],
  message: "Only src/targets/onnx/serde.ts knows protobuf; use what it exports.",
};

/** A default in the place of what an index or a lookup must find hides a fault; asked for are those of index and call, since a field may be optional. */
const noDefaultFor = (left) =>
  `LogicalExpression[operator='??']${left}:matches([right.value=''],[right.value=0],[right.value=1],[right.name='NaN'],[right.operator='-'],[right.elements.length=0],[right.properties.length=0])`;
const mustBeThere = {
  selector: [
    "LogicalExpression[operator='??'][left.type='CallExpression'][right.value='']",
    noDefaultFor('[left.computed=true]:not([left.property.raw=/^"/])'),
    noDefaultFor(":matches([left.expression.computed=true],[left.expression.object.computed=true])"),
    "ArrayPattern > AssignmentPattern:matches([right.value=''],[right.value=0],[right.value=1],[right.elements.length=0])",
  ].join(","),
  message: "Ask for what must be there with must (src/errors/must.ts); a default that is meant says why.",
};

export default tseslint.config(
  { ignores: ["dist/", "out/", "node_modules/", ".venv/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: "error",
      "object-shorthand": "error",
      "prefer-template": "error",
      "no-console": "error",
      "no-param-reassign": "error",
      "no-restricted-imports": ["error", { patterns: [protobufOutsideSerde] }],
      "no-useless-concat": "error",
      "no-useless-rename": "error",
      "@typescript-eslint/consistent-type-exports": "error",
      "@typescript-eslint/consistent-type-imports": [
        "error",
        { fixStyle: "inline-type-imports", disallowTypeAnnotations: false },
      ],
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrorsIgnorePattern: "^_" },
      ],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // Records are read as `outputs["mean"]` where the key is data and `outputs.mean` where it is a name.
      "@typescript-eslint/dot-notation": ["error", { allowIndexSignaturePropertyAccess: true }],
      // `x as Value` names what is known to be there; a bare `!` does not.
      "@typescript-eslint/non-nullable-type-assertion-style": "off",
      // Ops, built-ins and the like are plain records: no function of theirs looks at `this`.
      "@typescript-eslint/unbound-method": "off",
      // `apply<Feature<C, S>>(…)` types what the IR does not: the parameter occurs in the result alone.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
    },
  },
  {
    files: ["src/**/*.ts", "dsl/**/*.ts"],
    // These read texts of people and other programs, and write pages.
    ignores: ["src/cli/**", "src/api/node/**", "src/artifact/author-docs.ts", "src/report/html/**"],
    rules: { "no-restricted-syntax": ["error", mustBeThere] },
  },
  {
    files: ["dsl/**/*.ts"],
    // What was given too much is refused, and the signature that people read says nothing of it.
    rules: { "prefer-rest-params": "off" },
  },
  {
    files: ["src/targets/onnx/serde.ts"],
    rules: { "no-restricted-imports": "off" },
  },
  {
    files: ["src/cli/**", "bin/**", "scripts/**", "bench/**"],
    rules: { "no-console": "off" },
  },
  {
    files: ["test/**"],
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  {
    // TypeScript reads the types in their comments; this rule does not.
    files: ["src/targets/web/page/*.js"],
    rules: {
      "@typescript-eslint/explicit-module-boundary-types": "off",
    },
  },
  {
    files: ["**/*.js", "**/*.mjs"],
    // Typed by their comments, under a tsconfig.json of their own.
    ignores: ["src/report/html/client/*.js", "src/targets/web/page/*.js"],
    extends: [tseslint.configs.disableTypeChecked],
    rules: {
      "@typescript-eslint/explicit-module-boundary-types": "off",
      "no-undef": "off",
    },
  },
);
