package vigie.collector.scrape;

import vigie.collector.label.Labels;

/** A target that relabelling dropped, by what was discovered of it. */
public record DroppedTarget(String job, Labels discoveredLabels) {}
