"""Conditions on the names of operators that TensorRT looks up among its plugins."""

from __future__ import annotations

from edgeplan.graph import Op, Value

__all__ = [
    "bundled_plugin",
    "foreign_operator",
    "removed_plugin",
]

REMOVED_PLUGINS = frozenset({
    "BatchTilePlugin_TRT", "BatchedNMSDynamic_TRT", "BatchedNMS_TRT", "Clip_TRT", "CoordConvAC", "CropAndResize",
    "CustomGeluPluginDynamic", "EfficientNMS_ONNX_TRT", "LReLU_TRT", "NMSDynamic_TRT", "NMS_TRT", "Normalize_TRT",
    "Proposal", "ProposalDynamic", "SpecialSlice_TRT",
})  # fmt: skip
"""Plugins of TensorRT 10.7's own library that 11.1 lacks (NVIDIA/TensorRT release/11.1, plugin/README.md)."""

PLUGINS = REMOVED_PLUGINS | frozenset({
    "CropAndResizeDynamic", "CustomEmbLayerNormPluginDynamic", "CustomFCPluginDynamic",
    "CustomQKVToContextPluginDynamic", "CustomSkipLayerNormPluginDynamic", "DecodeBbox3DPlugin", "DetectionLayer_TRT",
    "DisentangledAttention_TRT", "EfficientNMS_Explicit_TF_TRT", "EfficientNMS_Implicit_TF_TRT", "EfficientNMS_TRT",
    "FlattenConcat_TRT", "GenerateDetection_TRT", "GridAnchorRect_TRT", "GridAnchor_TRT", "GroupNormalizationPlugin",
    "InstanceNormalization_TRT", "ModulatedDeformConv2d", "MultilevelCropAndResize_TRT", "MultilevelProposeROI_TRT",
    "MultiscaleDeformableAttnPlugin_TRT", "PillarScatterPlugin", "PriorBox_TRT", "ProposalLayer_TRT",
    "PyramidROIAlign_TRT", "ROIAlign_TRT", "RPROI_TRT", "Region_TRT", "Reorg_TRT", "ResizeNearest_TRT", "TopkLastDim",
    "VoxelGeneratorPlugin",
})  # fmt: skip
"""Plugins of TensorRT's own library that an op calls by name (NVIDIA/TensorRT release/10.7, plugin/README.md)."""

IMPORTED_ELSEWHERE = frozenset({"com.microsoft"})
"""Domains of which other rows speak: some of their operators share names with ONNX's."""


def bundled_plugin(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op has the name of a plugin in TensorRT's own library."""
    return op.type in PLUGINS


def foreign_operator(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op is of a domain that is not ONNX's, and TensorRT's library has no plugin of its name."""
    if op.domain in ("", "ai.onnx", "ai.onnx.ml") or op.domain in IMPORTED_ELSEWHERE:
        return False
    return op.type not in PLUGINS


def removed_plugin(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op has the name of a plugin that TensorRT 10 had and 11.0 removed."""
    return op.type in REMOVED_PLUGINS
