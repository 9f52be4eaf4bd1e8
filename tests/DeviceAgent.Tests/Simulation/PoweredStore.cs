using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>A store on a device whose power may fail. A torn replacement leaves half a temporary file.</summary>
public sealed class PoweredStore(string directory, PowerSupply power) : IDurableStore
{
    private readonly FileDurableStore _files = new(directory);

    public byte[]? Read(string name) => _files.Read(name);

    public void Replace(string name, ReadOnlySpan<byte> content)
    {
        byte[] copy = content.ToArray();
        power.Perform(
            () => _files.Replace(name, copy),
            () =>
            {
                string temporary = Path.Combine(directory, name) + ".new";
                Directory.CreateDirectory(Path.GetDirectoryName(temporary)!);
                File.WriteAllBytes(temporary, copy[..(copy.Length / 2)]);
            });
    }

    public void Delete(string name) => power.Perform(() => _files.Delete(name), static () => { });
}
