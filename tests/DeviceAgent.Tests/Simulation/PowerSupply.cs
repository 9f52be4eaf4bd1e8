namespace Fota.DeviceAgent.Tests.Simulation;

/// <summary>How an operation is hit by a power cut.</summary>
public enum PowerCut
{
    Before,
    Torn,
    After,
}

/// <summary>The power failed. Nothing catches this but the test.</summary>
internal sealed class PowerCutException() : Exception("the power was cut");

/// <summary>Counts every operation that changes the device, and fails at the one that a test names.</summary>
internal sealed class PowerSupply
{
    private readonly Dictionary<string, byte[]?> _unflushed = new(StringComparer.Ordinal);
    private bool _off;

    /// <summary>Operations so far.</summary>
    public int Operations { get; private set; }

    /// <summary>The operation to fail at; null for none.</summary>
    public int? CutAt { get; set; }

    public PowerCut Flavour { get; set; }

    /// <summary>Whether the cut has happened.</summary>
    public bool HasCut { get; private set; }

    public void Restore() => _off = false;

    /// <summary>From now on a cut takes back what is written to a file, as a disk's cache does, until it is flushed.</summary>
    public void BeginWriting(string path)
    {
        if (!_unflushed.ContainsKey(path))
        {
            _unflushed.Add(path, File.Exists(path) ? File.ReadAllBytes(path) : null);
        }
    }

    /// <summary>What was written to a file is on the disk.</summary>
    public void Flushed(string path) => _unflushed.Remove(path);

    /// <summary>Runs <paramref name="operation"/>, or as much of it as the power lasts for.</summary>
    public void Perform(Action operation, Action torn)
    {
        if (_off)
        {
            throw new PowerCutException();
        }

        if (Operations++ != CutAt)
        {
            operation();
            return;
        }

        Action done = Flavour switch { PowerCut.Before => static () => { }, PowerCut.Torn => torn, _ => operation };
        done();
        HasCut = _off = true;
        LoseUnflushed();
        throw new PowerCutException();
    }

    private void LoseUnflushed()
    {
        foreach ((string path, byte[]? before) in _unflushed)
        {
            if (before is null)
            {
                File.Delete(path);
            }
            else
            {
                File.WriteAllBytes(path, before);
            }
        }

        _unflushed.Clear();
    }
}
