using Fota.Benchmarks;

// dotnet run -c Release --project tests/Benchmarks -- agent
return args switch
{
    ["agent"] => await AgentMemory.RunAsync(CancellationToken.None),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("wanted one of: agent (peak memory and time of an installation, by image size)");
    return 2;
}
