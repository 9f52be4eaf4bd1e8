namespace Fota.Benchmarks.Installing;

/// <summary>What one installation took.</summary>
/// <param name="Time">From the start of the command to its end.</param>
/// <param name="Processor">Processor time, user and system, of all processes of the installer.</param>
/// <param name="PeakMemory">Largest VmHWM among them, in bytes.</param>
internal sealed record InstallRun(TimeSpan Time, TimeSpan Processor, long PeakMemory);

/// <summary>Something that installs one image into a file slot, authenticated, and durable when it returns.</summary>
internal interface IInstaller : IAsyncDisposable
{
    /// <summary>What the tables call it.</summary>
    string Name { get; }

    /// <summary>The file that the image is written to.</summary>
    string Slot { get; }

    /// <summary>Makes ready what is not measured: keys, bundles, services.</summary>
    Task PrepareAsync(CancellationToken cancellation);

    /// <summary>Installs once.</summary>
    /// <exception cref="ToolFailedException">It failed.</exception>
    Task<InstallRun> InstallAsync(CancellationToken cancellation);
}
