package vigie.collector.scrape;

import java.util.ArrayList;
import java.util.List;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.collector.label.Labels;

/** Addresses with the labels they share. */
public record TargetGroup(List<String> targets, Labels labels) {
  private static final int MOST = 100_000;

  public TargetGroup {
    targets = List.copyOf(targets);
  }

  /** Target groups as they stand under static_configs, in files and in answers to http_sd. */
  static List<TargetGroup> readAll(List<Section> sections) {
    List<TargetGroup> groups = new ArrayList<>();
    int count = 0;
    for (Section section : sections) {
      List<String> targets = new ArrayList<>();
      for (Value target : section.list("targets")) {
        String text = target.string();
        if (text != null) {
          if (text.indexOf('/') >= 0) {
            target.fault(
                "target \"" + text + "\" must be HOST or HOST:PORT, without a scheme or path");
          }
          targets.add(text);
        }
      }
      count += targets.size();
      if (count > MOST) {
        section.fault("more than " + MOST + " targets");
        return groups;
      }
      Section labels = section.section("labels");
      labels.keys().stream()
          .filter(String::isEmpty)
          .forEach(name -> labels.fault(name, "a label has no name"));
      groups.add(new TargetGroup(targets, Labels.of(labels.stringMap())));
      section.end();
    }
    return groups;
  }

  TargetGroup with(String name, String value) {
    return new TargetGroup(targets, labels.with(name, value));
  }
}
