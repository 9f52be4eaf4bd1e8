namespace Fota.Samples.Demo;

/// <summary>Something that the demonstration set out to observe was not observed.</summary>
public sealed class DemoFailedException(string message) : Exception(message);
