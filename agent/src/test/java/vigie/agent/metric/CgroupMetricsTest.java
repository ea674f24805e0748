package vigie.agent.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.agent.reader.CgroupReader;
import vigie.agent.reader.NoDataException;
import vigie.agent.reader.Roots;

class CgroupMetricsTest {
  @TempDir Path folder;

  /** Version 2 on the one, version 1 on the other. */
  @ParameterizedTest
  @ValueSource(strings = {"container-6.1", "server-6.1"})
  void givenTreeOfAHost_whenScraped_thenItsGroupsAreTheGoldenOnes(String name) throws IOException {
    Fixture fixture = new Fixture(name);
    CgroupMetrics metrics =
        new CgroupMetrics(new CgroupReader(fixture.roots(), path -> true, true));

    String text = told(metrics);

    Path golden = fixture.folder().resolve("golden/cgroup.txt");
    if (System.getProperty("golden.update") != null) {
      Files.createDirectories(golden.getParent());
      Files.writeString(golden, text);
    }
    assertThat(text)
        .as("rewrite %s with -Dgolden.update and look at the difference", golden)
        .isEqualTo(Files.readString(golden));
  }

  @Test
  void givenGroupsThatComeAndGo_whenScraped_thenOnlyThoseThereAreTold() throws IOException {
    CgroupMetrics metrics = new CgroupMetrics(new CgroupReader(roots(), path -> true, false));
    group("system.slice/a.service", 1);
    assertThat(told(metrics)).contains("name=a.service").doesNotContain("name=b.service");

    Files.delete(root().resolve("system.slice/a.service/memory.current"));
    Files.delete(root().resolve("system.slice/a.service"));
    group("system.slice/b.service", 2);

    assertThat(told(metrics)).contains("name=b.service").doesNotContain("name=a.service");
  }

  @Test
  void givenAControllerTurnedOnLater_whenScraped_thenItIsFoundBeforeLong() throws IOException {
    CgroupReader reader = new CgroupReader(roots(), path -> true, false);
    CgroupMetrics metrics = new CgroupMetrics(reader);
    group("system.slice/a.service", 1);
    assertThat(told(metrics)).doesNotContain("vigie_cgroup_pids");

    Files.writeString(root().resolve("system.slice/a.service/pids.current"), "3\n");
    String text = "";
    for (int i = 0; i < 20; i++) {
      text = told(metrics);
    }

    assertThat(text).contains("vigie_cgroup_pids");
  }

  @Test
  void givenMoreGroupsThanAreTold_whenScraped_thenTheRestIsCounted() throws IOException {
    for (int i = 0; i < 503; i++) {
      group("system.slice/s" + i + ".service", i);
    }
    CgroupReader reader = new CgroupReader(roots(), path -> !path.endsWith("/s7.service"), false);

    reader.read();

    assertThat(reader.groups()).hasSize(500);
    assertThat(reader.leftOut()).isEqualTo(2);
  }

  @Test
  void givenFoldersWithoutEnd_whenScraped_thenTheWalkStops() throws IOException {
    group("a/b/c/d/e/f/g/h/i/j/k", 1);
    CgroupReader reader = new CgroupReader(roots(), path -> true, false);

    reader.read();

    assertThat(reader.groups()).isEmpty();
    assertThat(reader.leftOut()).isEqualTo(1);
  }

  @Test
  void givenNonsenseInTheFiles_whenScraped_thenItIsLeftOut() throws IOException {
    group("system.slice/a.service", 1);
    Path group = root().resolve("system.slice/a.service");
    for (String text : new String[] {"", "\n", "-5\n", "=", "8:0 rbytes wbytes==\n8:1", "\0\0\0"}) {
      for (String file :
          new String[] {"cpu.stat", "memory.current", "memory.stat", "io.stat", "cpu.pressure"}) {
        Files.writeString(group.resolve(file), text);
      }
      CgroupMetrics metrics = new CgroupMetrics(new CgroupReader(roots(), path -> true, true));
      assertThat(told(metrics)).doesNotContain("cpu_seconds", "memory_bytes");
    }
    Files.writeString(group.resolve("io.stat"), "8:0 rbytes=1\n".repeat(4096 / 13 + 1));
    assertThat(told(new CgroupMetrics(new CgroupReader(roots(), path -> true, true))))
        .as("a sum over a file that was cut")
        .doesNotContain("io_read_bytes");
  }

  @Test
  void givenNoCgroups_whenScraped_thenThereIsNoData() {
    CgroupReader reader = new CgroupReader(new Roots(folder, folder, folder), path -> true, false);
    assertThatExceptionOfType(NoDataException.class).isThrownBy(reader::read);
  }

  private Roots roots() throws IOException {
    Files.createDirectories(root());
    Files.writeString(root().resolve("cgroup.controllers"), "memory\n");
    return new Roots(folder, folder, folder);
  }

  private Path root() {
    return folder.resolve("fs/cgroup");
  }

  private void group(String path, int bytes) throws IOException {
    Path group = root().resolve(path);
    Files.createDirectories(group);
    Files.writeString(group.resolve("memory.current"), bytes + "\n");
  }

  private static String told(Subject subject) throws IOException {
    subject.collect();
    StringBuilder text = new StringBuilder();
    for (Family family : subject.families()) {
      MetricSnapshot snapshot = family.take();
      if (snapshot != null) {
        text.append(family.name()).append('\n');
        for (DataPointSnapshot point : snapshot.getDataPoints()) {
          text.append("  ");
          point.getLabels().forEach(l -> text.append(l.getName() + "=" + l.getValue() + " "));
          text.append(value(point)).append('\n');
        }
      }
    }
    return text.toString();
  }

  private static double value(DataPointSnapshot point) {
    return point instanceof CounterDataPointSnapshot counter
        ? counter.getValue()
        : ((GaugeDataPointSnapshot) point).getValue();
  }
}
