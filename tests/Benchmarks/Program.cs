using Fota.Benchmarks;
using Fota.Benchmarks.Deltas;
using Fota.Benchmarks.FullPacks;

// dotnet run -c Release --project tests/Benchmarks -- agent | manifest | delta | pack IMAGE
return args switch
{
    ["manifest"] => ManifestVerification.Run(),
    ["agent"] => await AgentMemory.RunAsync(CancellationToken.None),
    ["delta", .. string[] options] => await DeltaBenchmark.RunAsync(options, CancellationToken.None),
    ["pack", string image] => await FullPackBenchmark.RunAsync(image, CancellationToken.None),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("wanted one of: agent (peak memory and time of an installation, by image size), manifest (verification beside the bare signatures in it), delta (bytes, time and memory of updates, beside other tools), pack IMAGE (bytes and speed of a full pack, beside zstd)");
    return 2;
}
