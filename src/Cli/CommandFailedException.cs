namespace Fota.Cli;

/// <summary>A command that was understood and could not be done; the message is meant for the person who typed it.</summary>
internal class CommandFailedException(string message) : Exception(message);
