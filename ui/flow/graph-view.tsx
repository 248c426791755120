import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { FlowModelState } from "../models/flow.ts";
import { plural } from "../shared/format.ts";
import { Icon, type IconName } from "../shared/icon.tsx";
import { textWidth } from "../shared/text-width.ts";
import { layoutGraph, type Box, type Layout } from "./graph-layout.ts";
import type { GraphEdge, GraphModel, GraphNode } from "./graph-model.ts";
import "./graph-view.css";

/** Sizes of what is laid out, in pixels; the style sheet draws with the same. */
const NODE_WIDTH_MIN_PX = 132;
const NODE_WIDTH_MAX_PX = 320;
/** Icon, padding and the round ends of a queue. */
const NODE_FRAME_PX = 68;
const LINE_PX = 17;
const NODE_PADDING_PX = 18;
const LABEL_PADDING_PX = 12;
/** Sizes of the text, in pixels; a name is in bold. */
const SMALL_PX = 12;
const NAME_PX = 14;
const NAME_WEIGHT = 600;
/** The graph shrinks to fit down to this scale, below which it would not be readable: then it scrolls. */
const SCALE_MIN = 0.78;

/** A graph higher than this is shrunk too: the waterfall should not be far below. */
const HEIGHT_WANTED_PX = 560;

/** Nobody reads a graph of more nodes than this. */
const NODES_DRAWN_MAX = 300;

/** The flow as functions, topics and queues, and what passed between them. */
export function GraphView({ model }: { model: FlowModelState }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const roomPx = useSignal(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => (roomPx.value = element.clientWidth));
    observer.observe(element);
    roomPx.value = element.clientWidth;
    return () => observer.disconnect();
  }, []);
  const layout = useComputed(() => layoutGraph(sizes(drawable(model.graph.value))));
  const graph = model.graph.value;
  const drawn = layout.value;
  // The same for every size of the window: what is drawn is only scaled.
  const parts = useMemo(
    () => (
      <>
        <Edges graph={graph} layout={drawn} />
        <EdgeLabels graph={graph} layout={drawn} model={model} />
        <Nodes graph={graph} layout={drawn} model={model} />
      </>
    ),
    [graph, drawn, model],
  );
  const { width, height } = drawn;
  const wanted = Math.min(roomPx.value / Math.max(width, 1), HEIGHT_WANTED_PX / Math.max(height, 1));
  const fit = roomPx.value > 0 ? Math.min(1, Math.max(SCALE_MIN, wanted)) : 1;
  useLayoutEffect(() => {
    // The flow begins at the middle of the top: that is what a narrow screen shows first.
    const first = layout.value.nodes.values().next().value;
    if (box.current && first) box.current.scrollLeft = first.x * fit - roomPx.value / 2;
  }, [roomPx.value, width]);
  return (
    <section class="graph panel" aria-labelledby="graph-title">
      <h2 id="graph-title">Path</h2>
      {graph.nodes.length > NODES_DRAWN_MAX && (
        <p class="too-many">
          {plural(graph.nodes.length, "part")}: too many to draw. The waterfall below has them all.
        </p>
      )}
      <div class="graph-scroll" ref={box} role="group" aria-labelledby="graph-title" tabIndex={0}>
        <div class="graph-fit" style={{ width: `${width * fit}px`, height: `${height * fit}px` }}>
          <div class="graph-canvas" style={{ width: `${width}px`, height: `${height}px`, scale: String(fit) }}>
            {parts}
          </div>
        </div>
      </div>
    </section>
  );
}

function drawable(graph: GraphModel): GraphModel {
  return graph.nodes.length > NODES_DRAWN_MAX ? { nodes: [], edges: [] } : graph;
}

function sizes(graph: GraphModel): Parameters<typeof layoutGraph>[0] {
  return {
    nodes: graph.nodes.map((node) => ({
      id: node.id,
      width: nodeWidth(node),
      height: NODE_PADDING_PX + LINE_PX * (2 + node.facts.length),
    })),
    edges: graph.edges.map((edge) => ({
      id: edge.id,
      from: edge.from,
      to: edge.to,
      width: edge.label.length === 0 ? 0 : labelWidth(edge),
      height: edge.label.length === 0 ? 0 : edge.label.length * LINE_PX + 6,
    })),
  };
}

function nodeWidth(node: GraphNode): number {
  const small = [node.caption, ...node.facts].map((line) => textWidth(line, SMALL_PX));
  const width = NODE_FRAME_PX + Math.max(textWidth(node.name, NAME_PX, NAME_WEIGHT), ...small);
  return Math.min(NODE_WIDTH_MAX_PX, Math.max(NODE_WIDTH_MIN_PX, Math.ceil(width)));
}

/** Loads the font that the graph is measured in, which takes its time: for while the answer is awaited. */
export function prepareGraph(): void {
  textWidth("0", SMALL_PX);
  textWidth("0", NAME_PX, NAME_WEIGHT);
}

const labelWidth = (edge: GraphEdge): number =>
  Math.ceil(Math.max(...edge.label.map((line) => textWidth(line, SMALL_PX)))) + LABEL_PADDING_PX;

function Edges({ graph, layout }: { graph: GraphModel; layout: Layout }): JSX.Element {
  return (
    <svg class="edges" width={layout.width} height={layout.height} aria-hidden="true">
      <defs>
        {(["plain", "failed"] as const).map((tone) => (
          <marker
            key={tone}
            id={`arrow-${tone}`}
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto-start-reverse"
          >
            <path class={`arrow ${tone}`} d="M0 0.5 7.5 4 0 7.5z" />
          </marker>
        ))}
      </defs>
      {graph.edges.map((edge) => {
        const points = layout.points.get(edge.id);
        if (!points) return null;
        const tone = edge.tone === "failed" ? "failed" : "plain";
        return <path key={edge.id} class={`edge ${tone}`} d={curve(points)} marker-end={`url(#arrow-${tone})`} />;
      })}
    </svg>
  );
}

/** Vertical at every point, so that a line leaves a node downwards and reaches the next from above. */
function curve(points: { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${first.x} ${first.y}`;
  let from = first;
  for (const to of rest) {
    const middle = (from.y + to.y) / 2;
    path += `C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`;
    from = to;
  }
  return path;
}

function EdgeLabels(props: { graph: GraphModel; layout: Layout; model: FlowModelState }): JSX.Element {
  const { graph, layout, model } = props;
  const names = new Map(graph.nodes.map((node) => [node.id, node.name]));
  return (
    <ul class="edge-labels" aria-label="What passed between them">
      {graph.edges.map((edge) => {
        const box = layout.labels.get(edge.id);
        const ends = `from ${names.get(edge.from)} to ${names.get(edge.to)}`;
        if (!box)
          return (
            <li key={edge.id} class="visually-hidden">
              {ends}
            </li>
          );
        return (
          <li key={edge.id} style={position(box)}>
            <button
              type="button"
              class="edge-label"
              data-tone={edge.tone}
              onClick={() => model.selectNode(edge.nodeId)}
            >
              {edge.label.map((line) => (
                <span key={line}>{line}</span>
              ))}
              <span class="visually-hidden">{ends}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function Nodes(props: { graph: GraphModel; layout: Layout; model: FlowModelState }): JSX.Element {
  const { graph, layout, model } = props;
  const selected = model.selected.value?.nodeId ?? "";
  return (
    <ul class="graph-nodes" aria-label={plural(graph.nodes.length, "part")}>
      {graph.nodes.map((node) => {
        const box = layout.nodes.get(node.id);
        if (!box) return null;
        const isSelected = node.nodeIds.includes(selected);
        const target = node.nodeIds.at(-1) ?? "";
        return (
          <li key={node.id} style={position(box)}>
            <button
              type="button"
              class="graph-node"
              data-tone={node.tone}
              data-kind={node.deadLetter ? "dead-letter" : node.kind}
              aria-pressed={isSelected}
              title={node.name}
              onClick={() => model.selectNode(target)}
            >
              <Icon name={nodeIcon(node)} size={18} />
              <span class="name">{node.name}</span>
              <span class="caption">{node.caption}</span>
              {node.facts.map((fact) => (
                <span key={fact} class="fact">
                  {fact}
                </span>
              ))}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function nodeIcon(node: Pick<GraphNode, "kind" | "deadLetter">): IconName {
  if (node.deadLetter) return "dead";
  if (node.kind === "invocation") return "function";
  if (node.kind === "request") return "service";
  if (node.kind === "topic" || node.kind === "bus") return "topic";
  if (node.kind === "bucket" || node.kind === "table") return "store";
  return node.kind === "external" ? "external" : "queue";
}

function position(box: Box): Record<string, string> {
  return {
    left: `${box.x - box.width / 2}px`,
    top: `${box.y - box.height / 2}px`,
    width: `${box.width}px`,
    height: `${box.height}px`,
  };
}
