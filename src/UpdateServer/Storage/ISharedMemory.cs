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

/// <summary>A memory that decides about access, so that it is no older than a few seconds: now and then the store is asked which change is its newest, which costs little.</summary>
internal interface IAccessMemory : ISharedMemory
{
    /// <summary>The store said which change is its newest: with another one than is known here, it is read again.</summary>
    /// <param name="number">The number of that change.</param>
    /// <param name="asked">When the store was asked.</param>
    /// <exception cref="StoreUnavailableException">The store is away; the memory is as it was.</exception>
    void Confirm(long number, Moment asked);
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
