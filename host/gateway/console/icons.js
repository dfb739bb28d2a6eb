// Ten small line faces, one per emotion label: strokes of a 24x24 view, drawn in the text colour.

const EYES = "M8.6 9.6v.9M15.4 9.6v.9";
const FACES = {
  neutral: [EYES, "M8.500 15.500h7"],
  joy: ["M7.500 10.300c.5-1 1.700-1 2.200 0M14.300 10.300c.5-1 1.700-1 2.200 0", "M7.500 13.800c1.200 4.200 7.800 4.200 9 0Z"],
  sadness: ["M7.300 9.300l2.400-1M16.700 9.300l-2.400-1", "M8.800 11v.6M15.200 11v.6", "M8.700 16.800c1.300-2 5.300-2 6.600 0"],
  anger: ["M7.200 8.300l3 1.500M16.800 8.300l-3 1.500", "M8.900 11.200v.6M15.100 11.200v.6", "M8.700 16.300c1.300-1.300 5.300-1.300 6.600 0"],
  fear: ["M7.200 8.600c.5-.9 1.400-1.400 2.400-1.500M16.800 8.600c-.5-.9-1.400-1.400-2.400-1.500", "M8.800 10.600v.8M15.200 10.600v.8", "M8 16.200c.7-1.300 1.300-1.300 2 0s1.300 1.300 2 0 1.300-1.300 2 0 1.300 1.300 2 0"],
  surprise: ["M7.400 7.300c.6-.7 1.600-.9 2.400-.5M16.600 7.300c-.6-.7-1.600-.9-2.400-.5", "M8.700 10v.8M15.300 10v.8", "M12 13.600a1.700 2.100 0 1 0 .01 0Z"],
  disgust: ["M7.400 9.200l2.600.9M16.600 9.200l-2.600.9", "M8.200 11.600h1.200M14.600 11.600h1.200", "M8.500 15.200c1.700-.9 3.300 1.500 4.700.6 1-.6 1.500-.9 2.500-.3"],
  calm: ["M7.500 10.300c.5.9 1.700.9 2.200 0M14.300 10.300c.5.9 1.700.9 2.200 0", "M9 15.200c1.400 1.100 4.600 1.100 6 0"],
  excited: ["M8.700 8.200v2.800M7.300 9.600h2.800M15.300 8.200v2.800M13.900 9.600h2.800", "M7.300 13.400c.9 5.300 8.500 5.300 9.400 0Z"],
  tender: ["M7.500 10.500c.5-1 1.700-1 2.200 0", "M14.300 10.500c.5-1 1.700-1 2.200 0", "M9 14.800c1.300 1.500 4.700 1.500 6 0", "M18.600 15.800c1-1.300 2.900-.1 2.100 1.300-.4.700-1.400 1.300-2.100 1.900-.7-.6-1.700-1.200-2.100-1.900-.8-1.400 1.100-2.600 2.100-1.300Z"],
};

/** The labels of the contract, in the order shown. */
export const EMOTIONS = Object.keys(FACES);

/** An SVG element for one label. */
export function face(label) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const outline = document.createElementNS(ns, "circle");
  for (const [name, value] of [["cx", 12], ["cy", 12], ["r", 9.2]]) outline.setAttribute(name, value);
  svg.append(outline);
  for (const d of FACES[label] ?? FACES.neutral) {
    const path = document.createElementNS(ns, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
