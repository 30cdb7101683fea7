"use strict";
document.documentElement.classList.add("js");
const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
const say = (words) => { document.getElementById("told").textContent = words; };
