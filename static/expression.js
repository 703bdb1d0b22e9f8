// The closed language of conditions and formulas in the browser: definitions/operators.py, operator by operator.
// The engine is json-logic-js; what it is given here makes it count exactly and gives it the three narrowings:
// the unanswered is neither less nor more, arithmetic with the unanswered has no answer, and a name is looked up
// as it is written. tests/cases/forms/expressions.yaml is the suite both sides pass.
(function () {
  "use strict";

  var engine = window.jsonLogic;
  // A browser that cannot count exactly shows the form as it is without script; the server decides anyway.
  if (!engine || typeof BigInt !== "function") return;

  var ZERO = BigInt(0), ONE = BigInt(1), TEN = BigInt(10);
  var DECIMAL = /^[ \t\r\n]*([+-]?)(?:([0-9]{1,30})(?:\.([0-9]{0,30}))?|\.([0-9]{1,30}))[ \t\r\n]*$/;

  // A number that no number of the browser holds: a reduced fraction, or a whole one that is too large.
  function Exact(top, under) { this.top = top; this.under = under; }
  Exact.prototype.toString = function () {
    return String(this.top) + (this.under === ONE ? "" : "/" + String(this.under));
  };

  function gcd(a, b) {
    if (a < ZERO) a = -a;
    while (b !== ZERO) { var rest = a % b; a = b; b = rest; }
    return a;
  }
  function power(exponent) {
    var result = ONE;
    for (var i = 0; i < exponent; i += 1) result *= TEN;
    return result;
  }
  function fraction(top, under) {
    if (under < ZERO) { top = -top; under = -under; }
    var common = gcd(top, under);
    return new Exact(top / common, under / common);
  }
  // What is handed on: a number of the browser where one holds it, so that zero counts as no.
  function whole(value) {
    var small = value.under === ONE ? Number(value.top) : NaN;
    return Number.isSafeInteger(small) ? small : value;
  }
  function decimal(text) {
    var found = DECIMAL.exec(text);
    if (!found) return null;
    var places = found[3] || found[4] || "";
    return fraction(BigInt((found[1] === "-" ? "-" : "") + (found[2] || "") + places), power(places.length));
  }
  function binary(value) {
    if (!Number.isFinite(value)) return null;
    if (Number.isSafeInteger(value)) return new Exact(BigInt(value), ONE);
    // Its shortest writing is what was meant: 0.1 is a tenth.
    var parts = String(value).split("e"), digits = parts[0].split("."), exponent = Number(parts[1] || 0);
    var places = (digits[1] || "").length - exponent;
    var top = BigInt(digits.join(""));
    return places > 0 ? fraction(top, power(places)) : new Exact(top * power(-places), ONE);
  }
  // The exact number a value stands for, or null when it stands for none.
  function number(value) {
    if (value instanceof Exact) return value;
    if (typeof value === "boolean") return new Exact(value ? ONE : ZERO, ONE);
    if (typeof value === "number") return binary(value);
    return typeof value === "string" ? decimal(value) : null;
  }

  function plus(a, b) { return fraction(a.top * b.under + b.top * a.under, a.under * b.under); }
  function times(a, b) { return fraction(a.top * b.top, a.under * b.under); }
  function negative(a) { return new Exact(-a.top, a.under); }
  function over(a, b) { return b.top === ZERO ? null : fraction(a.top * b.under, a.under * b.top); }
  function rest(a, b) {
    if (b.top === ZERO) return null;
    // Cut off towards zero, as the server does it.
    var quotient = (a.top * b.under) / (a.under * b.top);
    return plus(a, negative(times(b, new Exact(quotient, ONE))));
  }
  function compared(a, b) {
    var left = a.top * b.under, right = b.top * a.under;
    return left < right ? -1 : (left > right ? 1 : 0);
  }

  function nothing(value) { return value === null || value === undefined; }
  function equal(a, b) {
    if (nothing(a) || nothing(b)) return nothing(a) && nothing(b);
    if (typeof a === "string" && typeof b === "string") return a === b;
    var left = number(a), right = number(b);
    return left !== null && right !== null && compared(left, right) === 0;
  }
  function ordered(test) {
    function holds(a, b) {
      if (typeof a === "string" && typeof b === "string") {
        return a !== "" && b !== "" && test(a < b ? -1 : (a > b ? 1 : 0));
      }
      var left = number(a), right = number(b);
      return left !== null && right !== null && test(compared(left, right));
    }
    return function () {
      for (var i = 0; i + 1 < arguments.length; i += 1) {
        if (!holds(arguments[i], arguments[i + 1])) return false;
      }
      return true;
    };
  }
  function arithmetic(compute) {
    return function () {
      var values = Array.prototype.map.call(arguments, number);
      if (!values.length || values.indexOf(null) >= 0) return null;
      var result = compute(values);
      return result === null ? null : whole(result);
    };
  }
  function outermost(sign) {
    return function (values) {
      return values.reduce(function (a, b) { return compared(b, a) === sign ? b : a; });
    };
  }
  function look(facts, name, fallback) {
    var known = facts && typeof name === "string" && Object.prototype.hasOwnProperty.call(facts, name);
    return known && !nothing(facts[name]) ? facts[name] : (fallback === undefined ? null : fallback);
  }

  var table = {
    "==": equal,
    "!=": function (a, b) { return !equal(a, b); },
    "<": ordered(function (sign) { return sign < 0; }),
    "<=": ordered(function (sign) { return sign <= 0; }),
    ">": ordered(function (sign) { return sign > 0; }),
    ">=": ordered(function (sign) { return sign >= 0; }),
    "+": arithmetic(function (v) { return v.reduce(plus); }),
    "*": arithmetic(function (v) { return v.reduce(times); }),
    "-": arithmetic(function (v) { return v.length === 1 ? negative(v[0]) : plus(v[0], negative(v[1])); }),
    "/": arithmetic(function (v) { return v.length === 2 ? over(v[0], v[1]) : null; }),
    "%": arithmetic(function (v) { return v.length === 2 ? rest(v[0], v[1]) : null; }),
    "min": arithmetic(outermost(-1)),
    "max": arithmetic(outermost(1)),
    "in": function (needle, hay) {
      if (Array.isArray(hay)) return hay.some(function (item) { return equal(needle, item); });
      return typeof hay === "string" && typeof needle === "string" && needle !== "" && hay.indexOf(needle) >= 0;
    },
    "var": function (name, fallback) { return look(this, name, fallback); },
    "missing": function () {
      var names = Array.isArray(arguments[0]) ? arguments[0] : Array.prototype.slice.call(arguments);
      var facts = this;
      return names.filter(function (name) {
        var value = look(facts, name);
        return nothing(value) || value === "" || (Array.isArray(value) && !value.length);
      });
    }
  };
  Object.keys(table).forEach(function (name) { engine.add_operation(name, table[name]); });

  function evaluate(expression, facts) { return engine.apply(expression, facts); }

  window.expressions = {
    evaluate: evaluate,
    holds: function (expression, facts) { return engine.truthy(evaluate(expression, facts)); },
    // What was typed, as a value that formulas count with; null when it is no number.
    number: function (value) { var found = number(value); return found === null ? null : whole(found); },
    sum: table["+"],
    // With a fixed count of decimals, half up, as the server keeps it; empty when there is no number.
    shown: function (value, decimals) {
      var found = number(value);
      if (found === null) return "";
      var top = found.top < ZERO ? -found.top : found.top, two = ONE + ONE;
      var units = (top * power(decimals) * two + found.under) / (found.under * two);
      var digits = String(units).padStart(decimals + 1, "0"), cut = digits.length - decimals;
      var sign = found.top < ZERO && units !== ZERO ? "-" : "";
      return sign + digits.slice(0, cut) + (decimals ? "." + digits.slice(cut) : "");
    }
  };
}());
