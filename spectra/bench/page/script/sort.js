/* Tables sorted by any column: the better first, then the other way round; rows without a value stay at the end. */
(() => {
  const value = (row, column) => {
    const cell = row.cells[column];
    if (!cell || cell.colSpan > 1) return null;
    if (cell.tagName === "TH") return cell.dataset.value ?? cell.textContent.trim();
    return cell.dataset.value === undefined || cell.dataset.value === "" ? null : Number(cell.dataset.value);
  };
  const compare = (one, other) =>
    typeof one === "string" ? one.localeCompare(other, undefined, { numeric: true, sensitivity: "base" }) : one - other;
  const sort = (table, header) => {
    const column = header.cellIndex;
    const first = header.dataset.first;
    const opposite = { ascending: "descending", descending: "ascending" };
    const order = header.getAttribute("aria-sort") === first ? opposite[first] : first;
    const sign = order === "ascending" ? 1 : -1;
    const rows = Array.from(table.tBodies[0].rows, (row) => ({ row, value: value(row, column) }));
    rows.sort((one, other) => {
      if (one.value === null || other.value === null) return (one.value === null) - (other.value === null);
      return sign * compare(one.value, other.value);
    });
    table.tBodies[0].append(...rows.map((entry) => entry.row));
    for (const other of table.tHead.rows[0].cells) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
    header.setAttribute("aria-sort", order);
    say(`Sorted by ${header.dataset.name}, ${order}`);
  };
  for (const table of all("table.sortable"))
    for (const button of all("thead button", table))
      button.addEventListener("click", () => sort(table, button.closest("th")));
})();
