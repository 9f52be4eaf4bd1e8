using Fota.Load;

// ./build && dotnet run -c Release --project tests/Load -- check-in | ranges | memory [DEVICES]
return args switch
{
    ["check-in"] => await CheckInLoad.RunAsync(),
    ["ranges"] => await RangeLoad.RunAsync(),
    ["memory", .. string[] devices] => await FleetMemory.RunAsync(devices),
    ["bare", string folder] => await BareServer.RunAsync(folder),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("wanted one of: check-in (check-ins over mutual TLS on kept, new and resumed connections, beside a bare Kestrel), ranges (64 KiB of a pack, beside the framework's static files), memory [DEVICES] (resident memory of a server with a fleet in PostgreSQL)");
    return 2;
}
