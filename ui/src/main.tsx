import { render } from "preact";
import "./style/tokens.css";

const page = document.getElementById("page");
if (page) render(<h1>MovieFinder</h1>, page);
