package vigie.agent;

/** What runs here. */
final class Version {
  /** The agent's own version, from its jar; {@code dev} where it runs from classes. */
  static final String VIGIE = vigie();

  static final String JAVA = System.getProperty("java.version", "unknown");

  private Version() {}

  private static String vigie() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "dev" : version;
  }
}
