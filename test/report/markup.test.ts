import { expect, test } from "vitest";
import { markup, trusted } from "../../src/report/html/markup.ts";

test("values are escaped, in text and in attributes", () => {
  expect(markup`<p title="${`"'<>&`}">${`"'<>&`}</p>`.text).toBe(
    `<p title="&quot;&#39;&lt;&gt;&amp;">&quot;&#39;&lt;&gt;&amp;</p>`,
  );
});

test("markup goes in as it is, lists one after the other, and nothing leaves nothing", () => {
  const items = ["a", "<b>"].map((text) => markup`<li>${text}</li>`);
  expect(markup`<ul>${items}${false}${null}${undefined}${0}${trusted("<hr>")}</ul>`.text).toBe(
    "<ul><li>a</li><li>&lt;b&gt;</li>0<hr></ul>",
  );
});

test("what no page may hold is shown as unknown: control characters and halves of characters", () => {
  expect(markup`${"a\u0000b\u001bc\ud800d\te\nf😀"}`.text).toBe("a\ufffdb\ufffdc\ufffdd\te\nf😀");
});
