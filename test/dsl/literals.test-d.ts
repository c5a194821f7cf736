/** Type tests of arithmetic on literal numbers: TypeScript checks this file, nothing in it runs. */
import { describe, expectTypeOf, test } from "vitest";
import type { Add, Difference, FourTimes, Over, Product, Quotient, Sum, Times } from "litevae/dsl";

describe("arithmetic of literals", () => {
  test("Add carries over digits", () => {
    expectTypeOf<Add<0, 0>>().toEqualTypeOf<0>();
    expectTypeOf<Add<16, 24>>().toEqualTypeOf<40>();
    expectTypeOf<Add<999, 1>>().toEqualTypeOf<1000>();
    expectTypeOf<Add<1, 999>>().toEqualTypeOf<1000>();
    expectTypeOf<Add<5678, 4567>>().toEqualTypeOf<10245>();
  });
  test("Sum adds a list to a first number", () => {
    expectTypeOf<Sum<[], 7>>().toEqualTypeOf<7>();
    expectTypeOf<Sum<[12, 12, 4], 12>>().toEqualTypeOf<40>();
    expectTypeOf<Sum<[12, number], 12>>().toEqualTypeOf<number>();
    expectTypeOf<Sum<number[], 12>>().toEqualTypeOf<number>();
  });
  test("FourTimes counts the Haar bands", () => {
    expectTypeOf<FourTimes<3>>().toEqualTypeOf<12>();
    expectTypeOf<FourTimes<25>>().toEqualTypeOf<100>();
  });
  test("Difference borrows over digits, and holds where something is left", () => {
    expectTypeOf<Difference<40, 16>>().toEqualTypeOf<24>();
    expectTypeOf<Difference<1000, 1>>().toEqualTypeOf<999>();
    expectTypeOf<Difference<1000, 999>>().toEqualTypeOf<1>();
    expectTypeOf<Difference<105, 5>>().toEqualTypeOf<100>();
    expectTypeOf<Difference<16, 16>>().toEqualTypeOf<0>();
    expectTypeOf<Difference<16, 0>>().toEqualTypeOf<16>();
    expectTypeOf<Difference<10, 99>>().toEqualTypeOf<number>();
    expectTypeOf<Difference<5, 90>>().toEqualTypeOf<number>();
    expectTypeOf<Difference<16, number>>().toEqualTypeOf<number>();
    expectTypeOf<Difference<number, 16>>().toEqualTypeOf<number>();
  });
  test("Product multiplies", () => {
    expectTypeOf<Product<3, 4>>().toEqualTypeOf<12>();
    expectTypeOf<Product<512, 10>>().toEqualTypeOf<5120>();
    expectTypeOf<Product<128, 64>>().toEqualTypeOf<8192>();
    expectTypeOf<Product<7, 0>>().toEqualTypeOf<0>();
    expectTypeOf<Product<number, 2>>().toEqualTypeOf<number>();
    expectTypeOf<Product<2, number>>().toEqualTypeOf<number>();
  });
  test("Quotient divides what is divisible", () => {
    expectTypeOf<Quotient<36, 4>>().toEqualTypeOf<9>();
    expectTypeOf<Quotient<1000, 8>>().toEqualTypeOf<125>();
    expectTypeOf<Quotient<2048, 64>>().toEqualTypeOf<32>();
    expectTypeOf<Quotient<16, 1>>().toEqualTypeOf<16>();
    expectTypeOf<Quotient<99, 99>>().toEqualTypeOf<1>();
    expectTypeOf<Quotient<10, 4>>().toEqualTypeOf<number>();
    expectTypeOf<Quotient<3, 4>>().toEqualTypeOf<number>();
    expectTypeOf<Quotient<16, 0>>().toEqualTypeOf<number>();
    expectTypeOf<Quotient<1000, 100>>().toEqualTypeOf<number>();
    expectTypeOf<Quotient<16, 1.5>>().toEqualTypeOf<number>();
    expectTypeOf<Quotient<number, 4>>().toEqualTypeOf<number>();
    expectTypeOf<Quotient<16, number>>().toEqualTypeOf<number>();
  });
  test("Times and Over hold for powers of two up to 256", () => {
    expectTypeOf<Times<8, 1>>().toEqualTypeOf<8>();
    expectTypeOf<Times<4, 2>>().toEqualTypeOf<8>();
    expectTypeOf<Times<16, 16>>().toEqualTypeOf<256>();
    expectTypeOf<Over<8, 1>>().toEqualTypeOf<8>();
    expectTypeOf<Over<8, 8>>().toEqualTypeOf<1>();
    expectTypeOf<Over<256, 4>>().toEqualTypeOf<64>();
  });
  test("what the tables do not hold becomes number, to be checked at compile time", () => {
    expectTypeOf<Times<16, 32>>().toEqualTypeOf<number>();
    expectTypeOf<Times<8, 3>>().toEqualTypeOf<number>();
    expectTypeOf<Over<4, 8>>().toEqualTypeOf<number>();
    expectTypeOf<Over<6, 2>>().toEqualTypeOf<number>();
  });
  test("number in, number out", () => {
    expectTypeOf<Add<number, 1>>().toEqualTypeOf<number>();
    expectTypeOf<Add<1, number>>().toEqualTypeOf<number>();
    expectTypeOf<FourTimes<number>>().toEqualTypeOf<number>();
    expectTypeOf<Times<number, 2>>().toEqualTypeOf<number>();
    expectTypeOf<Times<2, number>>().toEqualTypeOf<number>();
    expectTypeOf<Over<number, 2>>().toEqualTypeOf<number>();
  });
});
