import { render } from 'preact';
import './style/page.css';

const page = document.getElementById('page');
if (page) render(<main>frontmonth</main>, page);
