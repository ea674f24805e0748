package vigie.agent.metric;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code docs/node-metrics.md} says what the code says. */
class MetricsReferenceTest {
  private static final String HEAD =
      """
      # What the agent measures of its node

      Made from the code by `MetricsReferenceTest`; `-Dgolden.update` rewrites it. Each section is a
      subject: `/metrics?collect[]=SUBJECT` gives it alone, and
      `node_scrape_collector_success{collector="SUBJECT"}` tells whether it could be read. Names,
      types and labels that begin with `node_` are node_exporter's.

      - A value that the kernel does not tell is left out; it is never 0 instead.
      - `node_filesystem_files` and `node_filesystem_files_free` come from `stat -f` of coreutils or
        busybox, run at most once a minute and only while somebody scrapes: Java cannot ask for them.
        They can be a minute old, and without that program they are missing.
      - A file system that does not answer within two seconds (a file server that is gone) is told by
        `node_filesystem_device_error` with a reason in `device_error`, and does not hold up a scrape
        again until it answers.
      - Facts of the hardware are refreshed every five minutes, first five seconds after the start.
        Serial numbers are left out but for `node_disk_info`, which has node_exporter's labels.
      """;

  @Test
  void givenSubjects_whenListed_thenTheReferenceIsTheSame() throws IOException {
    NodeCollector node = new Fixture("vm-6.18").metrics().collector(Runnable::run);
    node.collect(); // the lines of /proc/meminfo make families of their own
    StringBuilder text = new StringBuilder(HEAD);
    for (Subject subject : node.subjects()) {
      text.append("\n## ").append(subject.name()).append("\n\n");
      text.append("| metric | meaning |\n|---|---|\n");
      List<Family> families =
          subject.families().stream().sorted(Comparator.comparing(Family::name)).toList();
      for (Family family : families) {
        text.append("| `").append(family.name()).append("` | ");
        text.append(family.metadata.getHelp()).append(" |\n");
      }
    }

    Path file = Path.of(System.getProperty("vigie.root", ".."), "docs/node-metrics.md");
    if (System.getProperty("golden.update") != null) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    }
    assertThat(file)
        .as("rewrite it with -Dgolden.update and look at the difference")
        .exists()
        .content()
        .isEqualTo(text.toString());
  }
}
