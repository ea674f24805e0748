package vigie.collector.scrape;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;

class ScrapeConfigTest {
  private final Faults faults = new Faults();

  private List<ScrapeConfig> read(String yaml) {
    return ScrapeConfig.readAll(Yaml.parse(Path.of("c.yaml"), yaml, Map.of(), faults));
  }

  @Test
  void givenNothingButAName_whenRead_thenPrometheusDefaults() {
    ScrapeConfig job = read("scrape_configs: [{job_name: j}]").get(0);
    assertThat(faults.all()).isEmpty();
    assertThat(job.interval()).isEqualTo(Duration.ofSeconds(15));
    assertThat(job.timeout()).isEqualTo(Duration.ofSeconds(10));
    assertThat(job.metricsPath()).isEqualTo("/metrics");
    assertThat(job.scheme()).isEqualTo("http");
    assertThat(job.honorLabels()).isFalse();
    assertThat(job.honorTimestamps()).isTrue();
    assertThat(job.limits().samples()).isZero();
    assertThat(job.limits().bodyBytes()).isEqualTo(16L << 20);
  }

  @Test
  void givenFaults_whenRead_thenEachWithItsPlace() {
    read(
        """
        global: {scrape_interval: 5s, scrape_timeout: 7s}
        scrape_configs:
        - job_name: a
          schema: https
          static_configs: [{targets: ['http://x/', 'h:99999']}]
        - job_name: a
          relabel_configs: [{action: replaced}]
          dockerswarm_sd_configs: []
        """);
    assertThat(faults.all())
        .containsExactly(
            "c.yaml:5:31: target \"http://x/\" must be HOST or HOST:PORT, without a scheme or path",
            "c.yaml:4:3: unknown key \"schema\" in scrape_configs[0]; did you mean \"scheme\"?",
            "c.yaml:8:3: dockerswarm_sd_configs is not supported yet; use file_sd_configs, http_sd_configs or dns_sd_configs",
            "c.yaml:7:22: unknown action \"replaced\"; known: replace, keep, drop, keepequal, dropequal, hashmod,"
                + " labelmap, labeldrop, labelkeep, lowercase, uppercase",
            "c.yaml:7:22: relabel action replaced needs target_label",
            "c.yaml:6:3: job_name \"a\" is there twice");
  }
}
