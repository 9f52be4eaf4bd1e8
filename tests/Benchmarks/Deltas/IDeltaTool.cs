namespace Fota.Benchmarks.Deltas;

/// <summary>An image that a device runs, and the one that it shall run.</summary>
/// <param name="Name">What they are.</param>
/// <param name="Base">Path of the one that runs.</param>
/// <param name="Image">Path of the other.</param>
internal sealed record DeltaPair(string Name, string Base, string Image)
{
    /// <summary>Above this, an image is for a Linux device: 1 MiB.</summary>
    private const long LargestMicrocontroller = 1024 * 1024;

    public long ImageSize => new FileInfo(Image).Length;

    public bool IsForMicrocontroller => ImageSize <= LargestMicrocontroller;
}

/// <summary>What a tool made for a pair.</summary>
/// <param name="Bytes">All that a device fetches that has the base, after the manifest.</param>
/// <param name="Run">The making of it, without what is made once for the base.</param>
internal sealed record MadeDelta(long Bytes, MeasuredRun Run);

/// <summary>A way to bring a device from one image to the next.</summary>
internal interface IDeltaTool
{
    /// <summary>How the table calls it.</summary>
    string Name { get; }

    /// <summary>Makes what a device fetches, in <paramref name="folder"/>, an empty one that is the tool's own.</summary>
    Task<MadeDelta> MakeAsync(DeltaPair pair, string folder, CancellationToken cancellation);

    /// <summary>Rebuilds the image at <paramref name="output"/> from the base and what was made, and from nothing else.</summary>
    /// <returns>Null if the tool has no way to do so from files: its bytes are what it computes.</returns>
    Task<MeasuredRun?> ApplyAsync(DeltaPair pair, string folder, string output, CancellationToken cancellation);
}
