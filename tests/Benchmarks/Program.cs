using Fota.Benchmarks;
using Fota.Benchmarks.Applying;
using Fota.Benchmarks.Deltas;
using Fota.Benchmarks.FullPacks;
using Fota.Benchmarks.Installing;
using Fota.Benchmarks.Polling;
using Fota.Benchmarks.Signing;

// dotnet run -c Release --project tests/Benchmarks -- agent | poll | manifest | delta | apply | pack IMAGE | install | sign
return args switch
{
    ["manifest"] => ManifestVerification.Run(),
    ["agent"] => await AgentMemory.RunAsync(CancellationToken.None),
    ["poll"] => await IdlePoll.RunAsync(CancellationToken.None),
    ["delta", .. string[] options] => await DeltaBenchmark.RunAsync(options, CancellationToken.None),
    ["apply", .. string[] files] => await ApplyBenchmark.RunAsync(files, CancellationToken.None),
    ["pack", string image] => await FullPackBenchmark.RunAsync(image, CancellationToken.None),
    ["install", .. string[] kinds] => await InstallBenchmark.RunAsync(kinds, CancellationToken.None),
    ["sign"] => SignBenchmark.Run(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("wanted one of: agent (peak memory and time of an installation, by image size), poll (bytes on the wire of an idle check-in), manifest (verification beside the bare signatures in it), delta (bytes, time and memory of updates, beside other tools), apply (speed, memory and base reads of applying a delta pack), pack IMAGE (bytes and speed of a full pack, beside zstd), install (time, processor time and memory of installing 256 MiB, beside RAUC, SWUpdate, and openssl with dd), sign (signatures per second through the session pool, beside a bare loop over the same PKCS#11 module)");
    return 2;
}
