"""ComfyUI node that fills the masked part of a video. Put this folder into ComfyUI/custom_nodes; see README.md."""

from .inpaint_node import InpaintVideo

NODE_CLASS_MAPPINGS = {"LgtsmInpaintVideo": InpaintVideo}
NODE_DISPLAY_NAME_MAPPINGS = {"LgtsmInpaintVideo": "Inpaint Video (lgtsm)"}

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
