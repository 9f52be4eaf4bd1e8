namespace Fota.UpdateServer.Configuration;

/// <summary>The server cannot be started as configured. The message is one line for whoever configured it: what was wanted, what was got.</summary>
public sealed class ConfigurationException(string message) : Exception(message);
