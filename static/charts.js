/* Draws the charts of a page from the JSON beside them; the tables beside them say the same without any script.
   A <div class="chart" data-chart="ID"> is drawn from <script type="application/json" id="ID">:
   {kind: "bar" | "rows" | "mixed", labels: [...], series: [{name, values: [number | "0.8889" | null], line}]} */
(function () {
  "use strict";
  if (!window.echarts) return;

  var colours = ["#1b4f8f", "#c98a1b", "#1d6a3a", "#a61f19", "#566273"];
  var small = window.matchMedia("(max-width: 40rem)").matches;
  var size = 12;

  function number(value) {
    return value === null || value === "" ? null : Number(value);
  }

  /* Chinese labels have no spaces to break at, so they are broken after so many signs. */
  function folded(text, width) {
    var lines = [];
    text.split("\n").forEach(function (part) {
      for (var start = 0; start < part.length; start += width) lines.push(part.slice(start, start + width));
    });
    return lines.join("\n");
  }

  /* Many rows leave one line for each label; the table beside the chart has it whole. */
  function cut(text, width) {
    return text.length > width ? text.slice(0, width - 1) + "…" : text;
  }

  function series(data, narrow) {
    return data.series.map(function (one, index) {
      var line = Boolean(one.line);
      return {
        name: one.name,
        type: line ? "line" : "bar",
        yAxisIndex: data.kind === "mixed" && line ? 1 : 0,
        data: one.values.map(number),
        color: colours[index % colours.length],
        barMaxWidth: fraction(one) ? 64 : 32,
        symbol: "circle",
        symbolSize: 8,
        label: {
          show: data.kind === "rows" || (data.kind === "bar" && !(narrow && (fraction(one) || data.labels.length > 6))),
          position: data.kind === "rows" ? "right" : "top",
          color: "#1b2430",
          fontSize: size - 1,
          formatter: function (point) {
            var value = one.values[point.dataIndex];
            return value === null || value === 0 ? "" : String(value);
          }
        }
      };
    });
  }

  function options(data, narrow) {
    var rows = data.kind === "rows";
    var text = { color: "#3b4654", fontSize: size };
    var names = {
      type: "category",
      data: data.labels,
      inverse: rows,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: "#a9b4c2" } },
      axisLabel: Object.assign({ interval: rows ? 0 : "auto", lineHeight: size + 2, formatter: function (label) { return rows && data.labels.length > 8 ? cut(label, small ? 9 : 18) : folded(label, rows && !small ? 16 : 8); } }, text)
    };
    var amounts = {
      type: "value",
      minInterval: data.kind === "bar" && data.series.some(fraction) ? 0 : 1,
      axisLabel: text,
      splitLine: { lineStyle: { color: "#e3e8ee" } }
    };
    var shares = { type: "value", min: 0, max: 1, axisLabel: text, splitLine: { show: false } };
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: rows ? 40 : 12, top: data.series.length > 1 ? 44 : 16, bottom: 8, containLabel: true },
      legend: { show: data.series.length > 1, top: 4, left: "center", textStyle: text },
      tooltip: { trigger: "axis", confine: true, axisPointer: { type: "shadow" } },
      xAxis: rows ? amounts : names,
      yAxis: rows ? names : data.kind === "mixed" ? [amounts, shares] : amounts,
      series: series(data, narrow)
    };
  }

  function fraction(one) {
    return one.values.some(function (value) { return typeof value === "string"; });
  }

  document.querySelectorAll("[data-chart]").forEach(function (place) {
    var source = document.getElementById(place.dataset.chart);
    var data = source && JSON.parse(source.textContent);
    if (!data || !data.labels.length) return;
    place.classList.add("is-drawn");
    var chart = window.echarts.init(place, null, { renderer: "svg" });
    chart.setOption(options(data, place.clientWidth < 560));
    new ResizeObserver(function () { chart.resize(); }).observe(place);
  });
})();
