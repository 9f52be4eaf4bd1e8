using Fota.Benchmarks;

// dotnet run -c Release --project tests/Benchmarks -- agent | manifest
return args switch
{
    ["manifest"] => ManifestVerification.Run(),
    ["agent"] => await AgentMemory.RunAsync(CancellationToken.None),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("wanted one of: agent (peak memory and time of an installation, by image size), manifest (verification beside the bare signatures in it)");
    return 2;
}
