package vigie.collector.scrape;

import java.util.List;
import java.util.concurrent.Executor;
import vigie.base.config.Section;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * Finds targets of a job while it is open. What is found stays until something else is found:
 * failures are logged once and change nothing. Safe for all threads.
 */
interface Discovery extends AutoCloseable {
  /** What was found last; the same list object while nothing changed. */
  List<TargetGroup> groups();

  /** Looks anew where that may wait for a disk; called every few seconds, under no lock. */
  default void lookAnew() {}

  @Override
  void close();

  /** How a discovery is set; equal ones find the same. */
  interface Config {
    Discovery open(Tools tools);
  }

  /**
   * What discoveries work with.
   *
   * @param blocking runs what waits for disk or network
   */
  record Tools(
      EventLoops loops,
      Executor blocking,
      Lookup lookup,
      DnsResolver dns,
      Clock clock,
      Scheduler scheduler) {}

  /** A way to find targets: its key in a job. */
  record Kind(String key, Reader reader) {}

  /** Reads what stands under the key. */
  interface Reader {
    Config read(Section section);
  }

  /** Those there are; {@code dockerswarm_sd_configs} is to be the next. */
  List<Kind> KINDS =
      List.of(
          new Kind("file_sd_configs", FileSd::read),
          new Kind("http_sd_configs", HttpSd::read),
          new Kind("dns_sd_configs", DnsSd::read));

  /** Those of Prometheus that there are not. */
  List<String> NOT_YET =
      List.of(
          "azure_sd_configs",
          "consul_sd_configs",
          "digitalocean_sd_configs",
          "docker_sd_configs",
          "dockerswarm_sd_configs",
          "ec2_sd_configs",
          "eureka_sd_configs",
          "gce_sd_configs",
          "hetzner_sd_configs",
          "ionos_sd_configs",
          "kubernetes_sd_configs",
          "kuma_sd_configs",
          "lightsail_sd_configs",
          "linode_sd_configs",
          "marathon_sd_configs",
          "nerve_sd_configs",
          "nomad_sd_configs",
          "openstack_sd_configs",
          "ovhcloud_sd_configs",
          "puppetdb_sd_configs",
          "scaleway_sd_configs",
          "serverset_sd_configs",
          "stackit_sd_configs",
          "triton_sd_configs",
          "uyuni_sd_configs",
          "vultr_sd_configs");
}
