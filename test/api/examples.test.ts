/** The examples of the API are tests of their own. */
import "../../examples/api/budget.test.ts";
