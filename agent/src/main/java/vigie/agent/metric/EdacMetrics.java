package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vigie.agent.reader.Roots;
import vigie.agent.reader.SysDevices;
import vigie.agent.reader.SysDevices.Device;

/** {@code node_edac_*}: errors that memory controllers found. */
final class EdacMetrics implements Subject {
  private static final String FOLDER = "devices/system/edac/mc";

  private final Family correctable =
      Family.counter("node_edac_correctable_errors_total", "Memory errors that were corrected.");
  private final Family uncorrectable =
      Family.counter(
          "node_edac_uncorrectable_errors_total", "Memory errors that could not be corrected.");
  private final Family rowCorrectable =
      Family.counter(
          "node_edac_csrow_correctable_errors_total", "Memory errors of the row, corrected.");
  private final Family rowUncorrectable =
      Family.counter(
          "node_edac_csrow_uncorrectable_errors_total", "Memory errors of the row, not corrected.");
  private final LabelCache<String> labels = LabelCache.of("controller");
  private final LabelCache<List<String>> rowLabels =
      new LabelCache<>(pair -> Labels.of("controller", pair.get(0), "csrow", pair.get(1)));
  private final Map<String, SysDevices> rows = new HashMap<>();
  private final Roots roots;
  private final SysDevices controllers;

  EdacMetrics(Roots roots) {
    this.roots = roots;
    this.controllers =
        new SysDevices(
            roots,
            FOLDER,
            "mc",
            List.of("ce_count", "ue_count", "ce_noinfo_count", "ue_noinfo_count"),
            List.of());
  }

  @Override
  public String name() {
    return "edac";
  }

  @Override
  public List<Family> families() {
    return List.of(correctable, uncorrectable, rowCorrectable, rowUncorrectable);
  }

  @Override
  public void collect() {
    controllers.read();
    for (Device controller : controllers.devices()) {
      String number = controller.name().substring("mc".length());
      correctable.add(labels.get(number), controller.number(0));
      uncorrectable.add(labels.get(number), controller.number(1));
      Labels unknown = rowLabels.get(List.of(number, "unknown"));
      rowCorrectable.add(unknown, controller.number(2));
      rowUncorrectable.add(unknown, controller.number(3));
      SysDevices of = rows.computeIfAbsent(controller.name(), this::rows);
      of.read();
      for (Device row : of.devices()) {
        Labels ofRow = rowLabels.get(List.of(number, row.name().substring("csrow".length())));
        rowCorrectable.add(ofRow, row.number(0));
        rowUncorrectable.add(ofRow, row.number(1));
      }
    }
  }

  private SysDevices rows(String controller) {
    return new SysDevices(
        roots, FOLDER + "/" + controller, "csrow", List.of("ce_count", "ue_count"), List.of());
  }
}
