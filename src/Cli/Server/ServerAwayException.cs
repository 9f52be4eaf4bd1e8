namespace Fota.Cli.Server;

/// <summary>The server says that it cannot answer now: asked again later, it may.</summary>
internal sealed class ServerAwayException(string message) : CommandFailedException(message);
