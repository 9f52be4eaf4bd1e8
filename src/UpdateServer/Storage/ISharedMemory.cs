namespace Fota.UpdateServer.Storage;

/// <summary>Something in this server's memory that other servers change as well, over one store.</summary>
internal interface ISharedMemory
{
    /// <summary>What the others call it when they say that it changed.</summary>
    string Topic { get; }

    /// <summary>Reads what changed meanwhile. Cheap when nothing did.</summary>
    /// <exception cref="StoreUnavailableException">The store is away; the memory is as it was.</exception>
    void CatchUp();
}

/// <summary>The topics that servers tell each other of.</summary>
internal static class Topics
{
    /// <summary>Devices, rollouts, and what operators say of devices.</summary>
    public const string Fleet = "fleet";

    /// <summary>What is published.</summary>
    public const string Publication = "publication";

    /// <summary>People and their tokens.</summary>
    public const string People = "people";

    /// <summary>Devices that administrators shut out.</summary>
    public const string Revocations = "revocations";

    /// <summary>What came of delta packs.</summary>
    public const string Deltas = "deltas";
}
